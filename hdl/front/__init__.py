"""What all that stands in front of an engine has in common as hardware."""
