"""Where people meet: one file per kind, all behind `MeetingProvider`, found by location kind."""
