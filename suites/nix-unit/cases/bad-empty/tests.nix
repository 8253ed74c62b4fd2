{ nested = { }; notATest = 1; }
