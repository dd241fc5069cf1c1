"""From the archive server to the landing zone, losing nothing."""
