"""View models: what a template shows, made from the database. No request, no HTML, no rules."""
