{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with people as (

    select * from {{ ref('int_people_summed') }}

),

directory as (

    select * from {{ source('inputs', 'directory') }}

),

months as (

    select distinct
        local_month,
        cast(local_month + interval 1 month as date) as next_month
    from people

),

listed as (

    select
        months.local_month,
        directory.person_id,
        directory.name,
        directory.site,
        directory.department,
        directory.cost_centre,
        row_number() over (
            partition by months.local_month, directory.person_id
            order by
                coalesce(directory.valid_to, date '9999-12-31') desc,
                directory.address asc
        ) as place
    from months
    inner join directory
        on
            (directory.valid_from is null or months.next_month > directory.valid_from)
            and (directory.valid_to is null or months.local_month < directory.valid_to)

),

final as (

    select
        listed.local_month,
        listed.person_id,
        listed.name,
        listed.site,
        listed.department,
        listed.cost_centre,
        coalesce(people.received, 0) as received
    from listed
    left join people
        on
            listed.local_month = people.local_month
            and listed.person_id = people.person_id
    where
        listed.place = 1
        and coalesce(people.messages + people.file_transfers, 0) = 0

)

select * from final
