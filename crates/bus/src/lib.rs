//! Events: relay, groups, live feed.
