"""What a run found, in every format: frozen records in, one file a format out."""
