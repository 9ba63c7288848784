"""What a sound file is: containers byte by byte, decoding, probing. Knows no rows."""
