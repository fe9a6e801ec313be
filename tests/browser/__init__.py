"""The console in a real Chromium, in front of a real router and worker on a real Redis."""
