{{ config(severity='error', meta={'grain': 'local_month'}) }}

with idle as (

    select * from {{ ref('people_without_usage_monthly') }}

),

people as (

    select * from {{ ref('usage_by_person_monthly') }}

)

select
    idle.local_month,
    idle.person_id,
    people.messages,
    people.file_transfers
from idle
inner join people on idle.local_month = people.local_month and idle.person_id = people.person_id
where people.messages + people.file_transfers > 0
