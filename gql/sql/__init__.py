"""SQL that PostgreSQL and SQLite write differently.

- `construct`: what a construct is: a class with one template for each database.
- `json_sql`: printing JSON.
- `json_paths`: reading values out of JSON columns.
- `instants`: instants as text, UTC days, weeks and months, and the time between two.
- `text`: order by code points, upper case, hexadecimal.
- `keys`: many keys as one parameter.
- `writes`: INSERT ... ON CONFLICT, and the ids of inserted rows.
- `session`: statements that may take long.
- `sqlite_functions`: what SQLite lacks, in Python.

Two differences are elsewhere: how connections are opened and transactions begin in `database`, and
what tables and indexes are made of in `models`, by SQLAlchemy's own means.
"""
