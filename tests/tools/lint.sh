echo "lint: not yet"
