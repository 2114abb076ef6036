// Reads invites ({name: iCalendar text} on standard input) with ical.js, zones from their VTIMEZONE, and says what it read.
import ICAL from "ical.js";
import { readFileSync } from "node:fs";

const texts = JSON.parse(readFileSync(0, "utf8"));
const read = {};
for (const [name, text] of Object.entries(texts)) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  ICAL.TimezoneService.reset();
  for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
  const component = calendar.getFirstSubcomponent("vevent");
  const event = new ICAL.Event(component);
  const utc = (time) => new Date(time.toUnixTime() * 1000).toISOString().replace(".000Z", "Z");
  read[name] = [
    calendar.getFirstPropertyValue("method"),
    event.uid,
    event.sequence,
    utc(event.startDate),
    utc(event.endDate),
    event.startDate.zone.tzid,
  ];
}
process.stdout.write(JSON.stringify(read));
