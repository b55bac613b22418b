/** Where a part of a JSON text stands: `[from, end)`. */
export interface JsonSpan {
  from: number;
  end: number;
}

export interface JsonMember extends JsonSpan {
  name: string;
}

/*
 * These look for places in text that JSON.parse has taken, and check nothing again. They count brackets instead of
 * recursing: a value may be nested deeper than the stack.
 */

/**
 * The members of an object, in order, each as often as it stands there.
 * @param from place of the opening brace
 */
export function membersOf(json: string, from: number): JsonMember[] {
  const members: JsonMember[] = [];
  let at = from + 1;
  for (;;) {
    at = find(json, at, NAME_OR_END);
    if (json[at] === '}') return members;
    const nameEnd = endOfText(json, at);
    const name = JSON.parse(json.slice(at, nameEnd)) as string;
    const value = find(json, json.indexOf(':', nameEnd) + 1, NO_SPACE);
    at = endOfValue(json, value);
    members.push({ name, from: value, end: at });
  }
}

/**
 * The elements of an array.
 * @param from place of the opening bracket
 */
export function elementsOf(json: string, from: number): JsonSpan[] {
  const elements: JsonSpan[] = [];
  let at = from + 1;
  for (;;) {
    const begin = find(json, at, ELEMENT_OR_END);
    if (json[begin] === ']') return elements;
    at = endOfValue(json, begin);
    elements.push({ from: begin, end: at });
  }
}

const NO_SPACE = /[^ \t\r\n]/g;
const NAME_OR_END = /["}]/g;
const ELEMENT_OR_END = /[^ \t\r\n,]/g;
const BRACKET_OR_TEXT = /[[\]{}"]/g;
const END_OF_SCALAR = /[ \t\r\n,\]}]|$/g;

/** Place of the first match of a pattern at or after `at`. */
function find(json: string, at: number, pattern: RegExp): number {
  pattern.lastIndex = at;
  const match = pattern.exec(json);
  if (match === null) throw new RangeError('the JSON ends in the middle');
  return match.index;
}

function endOfValue(json: string, from: number): number {
  const first = json[from];
  if (first === '"') return endOfText(json, from);
  if (first !== '{' && first !== '[') return find(json, from, END_OF_SCALAR);
  let depth = 0;
  for (let at = from; ;) {
    const found = find(json, at, BRACKET_OR_TEXT);
    const bracket = json[found];
    if (bracket === '"') {
      at = endOfText(json, found);
      continue;
    }
    depth += bracket === '{' || bracket === '[' ? 1 : -1;
    at = found + 1;
    if (depth === 0) return at;
  }
}

/** @param from place of the opening quote */
function endOfText(json: string, from: number): number {
  for (let at = from + 1; ; at++) {
    at = json.indexOf('"', at);
    if (at < 0) throw new RangeError('the JSON ends in the middle of a text');
    let backslashes = 0;
    while (json[at - 1 - backslashes] === '\\') backslashes += 1;
    // Each backslash of a pair is a character of the text.
    if (backslashes % 2 === 0) return at + 1;
  }
}
