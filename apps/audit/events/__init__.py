"""The kinds of events in the log, a function each, by what they are about."""
