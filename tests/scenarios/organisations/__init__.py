"""Each organisation's own process, walked from its first promise to its last under the policy that is shipped for it."""
