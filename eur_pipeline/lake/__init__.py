"""Parquet files that say, record by record, what the archives say."""
