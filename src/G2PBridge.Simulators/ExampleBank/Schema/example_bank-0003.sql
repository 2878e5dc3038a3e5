-- A balance changes with every booking, and none of its indexes does: with room on its page the new version stays there.
alter table example_bank.accounts set (fillfactor = 80);
