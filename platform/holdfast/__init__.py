"""The roof: settings, addresses, processes, embedded services, the command line. Imported by nothing."""
