"""The figures of bin/bench, one module a section; each is measured over HTTP against an installation of its own."""
