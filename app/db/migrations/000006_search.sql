-- What a search can know of a row without opening it. Rows of before this migration carry the mark 0: nothing that is
-- stored for a search is trusted of them until a worker has indexed them.
ALTER TABLE memories
  ADD COLUMN search_tokens  integer[],                    -- keyed tokens of the row's terms, padded; null while the index is off
  ADD COLUMN clear_metadata jsonb,                        -- values of the keys that the tenant keeps in clear; null without any
  ADD COLUMN index_mark     integer NOT NULL DEFAULT 0;   -- the settings that the two were made under

-- The list of new entries that a search has to walk through is kept short: 512 kB instead of 4 MB.
CREATE INDEX memories_by_token ON memories USING gin (search_tokens) WITH (gin_pending_list_limit = 512);
CREATE INDEX memories_by_index_mark ON memories (index_mark);
CREATE INDEX memories_by_agent ON memories (agent_ref, created_at DESC, id DESC) WHERE agent_ref IS NOT NULL;
CREATE INDEX memories_by_session ON memories (session_ref, created_at DESC, id DESC) WHERE session_ref IS NOT NULL;
CREATE INDEX memories_contradicted ON memories (created_at DESC, id DESC) WHERE contradictions > 0;
