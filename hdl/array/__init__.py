"""Arrays of processing elements, one architecture a file, and the skew and drain parts they share."""
