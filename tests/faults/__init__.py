"""A broken world to collect in: servers, networks and disks that fail on command."""
