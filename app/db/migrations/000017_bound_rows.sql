-- The second version of the MAC of a memory binds its times, its claims and its lineage too, and every event of a history has
-- a MAC of its own: nobody who can write to these tables and has no keys can say that something else happened, or that
-- somebody else did it. Rows of before get theirs from a worker; once it is through, which the audit log remembers, a memory
-- with a MAC of the first version, and an event without one, is refused as a forged one is.
ALTER TABLE memory_history ADD COLUMN mac bytea;
GRANT UPDATE (mac) ON memory_history TO :service_role;
-- Of the rows without a MAC, which that worker finds by walking through the table: it was read once in a database's life.
DROP INDEX memories_unmarked;
