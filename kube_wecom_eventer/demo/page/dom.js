// Making elements. The only way in which this page makes any: every text becomes a text node.

/** Make an element. `props`: `class`, `on` (listeners), else attributes; null, undefined and false are left out. */
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    } else {
      made.setAttribute(name, value === true ? "" : String(value));
    }
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/** A link that leads out of the page; only http and https, else the bare text. */
export function link(address, ...children) {
  const safe = safeAddress(address);
  return safe ? el("a", { href: safe, rel: "noopener noreferrer", target: "_blank" }, ...children) : el("span", {}, ...children);
}

/** The address where it is one of http or https, else null. */
export function safeAddress(address) {
  try {
    const url = new URL(String(address));
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

export const byId = (id) => document.getElementById(id);

/** A time of day, as 09:02:03. */
export function clockTime(milliseconds) {
  const at = new Date(milliseconds);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** A list that grows at its end: keeps at most `most` rows, and its end in sight while the reader has it in sight. */
export class Rows {
  constructor(list, { most, below }) {
    this.list = list;
    this.most = most;
    this.below = below;
    this.sticks = true;
    list.addEventListener("scroll", () => {
      this.look();
      if (this.sticks) this.below.hidden = true;
    }, { passive: true });
    new ResizeObserver(() => this.sticks && this.toEnd()).observe(list);
    below.addEventListener("click", () => {
      this.sticks = true;
      this.toEnd();
      list.focus();
    });
  }

  /** See whether the reader has the end in sight; to be asked before something changes, scroll events come late. */
  look() {
    const { scrollHeight, scrollTop, clientHeight } = this.list;
    if (clientHeight) this.sticks = scrollHeight - scrollTop - clientHeight < 48;
  }

  get last() {
    return this.list.lastElementChild;
  }

  clear() {
    this.list.replaceChildren();
    this.sticks = true;
    this.below.hidden = true;
  }

  add(rows) {
    if (!rows.length) return;
    this.look();
    this.list.append(...rows);
    while (this.list.childElementCount > this.most) this.list.firstElementChild.remove();
    this.settle();
  }

  replaceLast(row) {
    this.look();
    this.last.replaceWith(row);
    this.settle();
  }

  /** After a change of height: back to the end, or say that there is more below. */
  settle() {
    if (this.sticks) this.toEnd();
    else this.below.hidden = false;
  }

  toEnd() {
    this.list.scrollTop = this.list.scrollHeight;
    this.below.hidden = true;
  }
}
