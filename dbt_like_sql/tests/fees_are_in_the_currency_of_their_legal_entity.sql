{{ config(severity='error', meta={'grain': 'local_month'}) }}

select distinct
    plan,
    currency,
    site,
    entity_currency
from {{ ref('int_people_planned') }}
where currency <> entity_currency
