// On a narrow screen the three columns are tabs. Wide, this only remembers which one was last.

import { mark } from "./dom.js";

export class Tabs {
  #tabs = [...document.querySelectorAll("[role=tab]")];

  constructor() {
    for (const tab of this.#tabs) {
      tab.addEventListener("click", () => this.show(tab.dataset.pane));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const next = this.#tabs.at((this.#tabs.indexOf(tab) + step) % this.#tabs.length);
        this.show(next.dataset.pane);
        next.focus();
      });
    }
  }

  show(pane) {
    document.body.dataset.pane = pane;
    for (const tab of this.#tabs) {
      const chosen = tab.dataset.pane === pane;
      mark(tab, "aria-selected", chosen);
      mark(tab, "tabindex", chosen ? 0 : -1);
    }
  }
}
