-- A client's own name for a memory, unique to its owner and namespace: found by its token, read from its seal.
ALTER TABLE memories
  ADD COLUMN key_token  bytea,  -- keyed hash of scope, owner, namespace and key; null without a key
  ADD COLUMN sealed_key bytea;  -- key and namespace; null without either
CREATE UNIQUE INDEX memories_by_key ON memories (key_token) WHERE key_token IS NOT NULL;
