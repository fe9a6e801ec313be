"""Where a ticket meets a model: take, judge, decide, finish; recovery and alert delivery run beside it."""
