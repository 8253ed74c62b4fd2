{
  testEqual = { expr = 1 + 1; expected = 2; };
  nested.testUnequal = { expr = { port = 22; }; expected = { port = 2222; }; };
}
