"""Dataset folder of an export: Parquet and a card, which the library `datasets` of Hugging Face loads as it is."""
