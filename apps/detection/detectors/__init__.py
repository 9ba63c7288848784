"""One file for each kind of thing that can be seen in a clip; `registry` says which of them run."""
