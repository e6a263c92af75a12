-- What is dear, by place; then everything at once.
CREATE TABLE dear AS
SELECT place, sum(amount) AS sum_amount, count(*) AS trips FROM trips WHERE year >= 2020 GROUP BY place HAVING count(*) > 3;
CREATE TABLE best AS
SELECT place, max(rank) AS rank FROM more GROUP BY place ORDER BY place LIMIT 40;
CREATE TABLE joined AS
SELECT t.*, p.name, p.weight, d.sum_amount, b.rank,
       row_number() OVER (PARTITION BY t.place ORDER BY t.amount DESC, t.id) AS best
FROM trips AS t
JOIN places AS p ON p.place = t.place
LEFT JOIN dear AS d ON d.place = t.place
LEFT JOIN best AS b ON b.place = t.place;
