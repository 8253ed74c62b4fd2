# Each fails by itself; the last one is judged all the same.
{
  testAbort = { expr = abort "no"; expected = 1; };
  testAssert = { expr = assert false; 1; expected = 1; };
  testMissing = { expr = { }.gone; expected = 1; };
  testNeither.expr = 1;
  testRecursion = { expr = let x = x; in x; expected = 1; };
  testType = { expr = 1 + "a"; expected = 1; };
  testWrongError = { expr = throw "no"; expectedError.type = "TypeError"; };
  testZebra = { expr = 1; expected = 1; };
}
