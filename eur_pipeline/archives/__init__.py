"""From an archive file to records: dialects say how, the reader does it."""
