-- Old events are found at the beginning of each partition.
DROP INDEX bus_log_age;
