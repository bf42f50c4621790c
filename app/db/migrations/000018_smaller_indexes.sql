-- The same indexes in a third of the bytes. Each is built in place of the one before: while that lasts, some seconds a million
-- memories, writes wait and reads go on.

-- What one transaction wrote has one time, and so one entry with a list of rows: some 8 bytes a row where it was 100. Read
-- backwards these give the newest first; rows of one time, at most a batch of them, are sorted by whoever asks: 1 ms for a
-- page out of a batch of 1,000, nothing for rows that came one by one.
DROP INDEX memories_by_user;
CREATE INDEX memories_by_user ON memories (user_ref, created_at);
DROP INDEX memories_shared;
CREATE INDEX memories_shared ON memories (scope, created_at) WHERE scope > 0;
DROP INDEX memories_by_agent;
CREATE INDEX memories_by_agent ON memories (agent_ref, created_at) WHERE agent_ref IS NOT NULL;
DROP INDEX memories_by_session;
CREATE INDEX memories_by_session ON memories (session_ref, created_at) WHERE session_ref IS NOT NULL;

-- Equal contents are found by the first four bytes of their keyed hash instead of all eight; the row itself decides. A
-- replica of the version before asks for the eight and reads the whole table for each batch until it is replaced.
DROP INDEX memories_by_content;
CREATE INDEX memories_by_content ON memories (substr(content_hash, 1, 4)) WHERE status = 0;

-- The same without the number of the change: whoever wants changes in order sorts those that one transaction made.
DROP INDEX vectors_by_change;
CREATE INDEX vectors_by_change ON vectors (partition, change_xid);

-- What is sealed does not compress, and trying costs time.
ALTER TABLE vectors ALTER COLUMN vector SET STORAGE EXTERNAL;
