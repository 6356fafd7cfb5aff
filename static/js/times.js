// <time datetime title>: the exact time on hover, in the reader's own zone and way of writing it.

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

for (const time of document.querySelectorAll("time[datetime][title]")) {
  const moment = new Date(time.dateTime);
  if (!Number.isNaN(moment.valueOf())) time.title = exact.format(moment);
}
