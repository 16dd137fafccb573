"""What travels: the models of both contracts, the error envelope, the vocabularies. No I/O."""
