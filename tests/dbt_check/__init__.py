"""The same models run by dbt: a cross-check of everything that `eur_pipeline/models` does."""
