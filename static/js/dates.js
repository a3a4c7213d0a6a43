/** Dates and times in the reader's zone, written as the server writes them: `1 Dec 2026, 17:26`. */

const parts = new Intl.DateTimeFormat(document.documentElement.lang, {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

function write(moment, pattern) {
  const found = Object.fromEntries(parts.formatToParts(moment).map(({ type, value }) => [type, value]));
  return pattern.replace(/\w+/g, (name) => found[name]);
}

export const date = (moment) => write(moment, "day month year");
export const time = (moment) => write(moment, "hour:minute");
export const datetime = (moment) => write(moment, "day month year, hour:minute");
