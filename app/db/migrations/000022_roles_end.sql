-- A role that no key has can be deleted.
GRANT DELETE ON roles TO :service_role;
