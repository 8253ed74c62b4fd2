# Every way in which a test can hold.
{
  testEqual = { expr = 1 + 1; expected = 2; };
  testThrows = { expr = throw "no berth"; expectedError = { type = "ThrownError"; msg = "no [a-z]+"; }; };
  nested.testDeep = { expr = { a = [ 1 { b = null; } ]; }; expected = { a = [ 1 { b = null; } ]; }; };
}
