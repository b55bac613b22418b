const MAX_UNITS = 300;

/** Text from anywhere: without what a terminal would act on, and no longer than one looks at. */
export function oneLine(text: string): string {
  const line = text.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  return line.length > MAX_UNITS ? `${line.slice(0, MAX_UNITS)}...` : line;
}
