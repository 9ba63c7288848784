"""Tools for the database that know no row of any room."""
