// Tells the server the visitor's time zone, in a cookie, before the page is drawn: nothing on it moves afterwards,
// and no click is lost. A zone that the visitor chose stays, until the device itself is in another one.
{
  const NAME = "holdfast_time_zone";
  const detected = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = document.cookie.split("; ").some((cookie) => cookie.startsWith(`${NAME}=`));
  let before = null;
  try {
    before = localStorage.getItem(NAME);
    localStorage.setItem(NAME, detected);
  } catch {
    // storage is switched off: then the cookie alone remembers
  }
  if (detected && (!known || (before && before !== detected))) {
    document.cookie = `${NAME}=${detected}; path=/; max-age=31536000; samesite=lax`; // an IANA name needs no escaping
    const shown = document.querySelector('meta[name="holdfast-zone"]');
    const address = new URL(location.href);
    address.hash = ""; // an address that differs by its fragment alone would not load again
    if (shown && shown.content !== detected && !address.searchParams.has("time_zone")) {
      if (!document.cookie.includes(NAME)) address.searchParams.set("time_zone", detected); // no cookies either
      location.replace(address);
    }
  }
}
