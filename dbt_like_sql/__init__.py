"""The SQL models; a package, so that the wheel carries them."""
