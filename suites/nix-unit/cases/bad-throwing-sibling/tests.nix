# A branch that cannot be walked is a finding at its path; the branch beside it is judged.
{
  broken = throw "no such branch";
  whole.testHolds = { expr = 1; expected = 1; };
}
