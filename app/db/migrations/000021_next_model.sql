-- Vectors of the model that will take over, beside those of the one that answers: filled while everything goes on, taken over
-- whole in one transaction, or dropped. A memory that goes takes its own with it.
CREATE TABLE next_vectors (
  memory_id  uuid PRIMARY KEY REFERENCES memories (id) ON DELETE CASCADE,
  version    integer NOT NULL,
  slot       bigint NOT NULL,
  partition  uuid NOT NULL,
  model      text NOT NULL,
  sealed     boolean NOT NULL,
  vector     bytea NOT NULL
);
ALTER TABLE next_vectors ALTER COLUMN vector SET STORAGE EXTERNAL;   -- what is sealed does not compress
COMMENT ON TABLE next_vectors IS 'memplane: data';

-- Which model has taken over, if one has: replicas look here, and follow.
CREATE TABLE embedding_model (
  only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  model       text,
  switched_at timestamptz
);
COMMENT ON TABLE embedding_model IS 'memplane: data';
INSERT INTO embedding_model DEFAULT VALUES;

GRANT SELECT, INSERT, UPDATE, DELETE ON next_vectors TO :service_role;
GRANT SELECT, UPDATE ON embedding_model TO :service_role;
