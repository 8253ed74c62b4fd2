# What is left behind of promotions. There is all of the last eight, so that whoever is behind one of them and goes on with it late
# finds that it was tried there, and how the machine did before; what is older goes when the next one is activated.
forget_oldest() {
    # A name of a promotion has neither blanks nor dots. Where nothing is kept for one boot alone, both places are one.
    ls -t "$kept" | sed -n 's/\.before$//p' | sed 1,7d | while read -r past; do
        rm -rf "$kept/$past" "$kept/$past".* "${run:-$kept}/$past"
    done
}
