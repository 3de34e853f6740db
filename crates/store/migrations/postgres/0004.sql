-- The oldest version of the schema whose programs can work on this one, so that an update can be taken back.

ALTER TABLE schema_version ADD COLUMN oldest BIGINT;
