// Marks within a line, as text with elements. Knows no particular markup: the rules are passed in.

/**
 * The line as nodes. `rules`: pairs of a sticky-free global pattern and a function from its match, and a function
 * that renders what stands inside, to a node. The leftmost match wins; of two at one place the earlier rule.
 */
export function inline(text, rules) {
  const nodes = [];
  let position = 0;
  const found = rules.map(() => undefined);
  while (position < text.length) {
    let next = -1;
    for (let index = 0; index < rules.length; index += 1) {
      if (found[index] === undefined || (found[index] && found[index].index < position)) {
        const pattern = rules[index][0];
        pattern.lastIndex = position;
        found[index] = pattern.exec(text);
      }
      if (found[index] && (next < 0 || found[index].index < found[next].index)) next = index;
    }
    if (next < 0) break;
    const match = found[next];
    if (match.index > position) nodes.push(text.slice(position, match.index));
    nodes.push(rules[next][1](match, (inner) => inline(inner, rules)));
    position = match.index + match[0].length;
  }
  if (position < text.length) nodes.push(text.slice(position));
  return nodes;
}
